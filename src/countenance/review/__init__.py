"""Path: authorise -> policy -> open -> examine -> seal -> reveal -> log. Blind, independent, by two people and a third."""
