"""`countenance demo`: the whole of it in two minutes, with synthetic people, by the very paths the commands take."""
