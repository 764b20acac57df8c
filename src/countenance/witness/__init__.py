"""Door: a witness (C2SP tlog-witness) that an authority runs by itself, and the log's side of the conversation.

A witness keeps, for each log it knows, the largest tree it has cosigned, and cosigns a larger one only after a proof that
it contains the smaller. It needs no workspace, no database server and nothing of the operator's but the log's key.
"""
