"""The memory of the service: where each document stands, in one SQLite file.

A document moves by these transitions only, each one transaction. A daemon that dies between two of them finds the
document in the state on the left at its next start, and the step is taken again; every step can be.

| transition | from | to | what it means |
|---|---|---|---|
| arrive | nothing, waiting | waiting | a file is quiet; one that waits under the path is brought up to date |
| claim | waiting | working | the daemon has taken it, under a lease |
| identify | working | working | its content was read and hashed |
| relink | working | nothing | it was done before and left in the inbox; its inode is another by now |
| give_back | working | waiting | the daemon stops, or a twin of the same content is in work |
| blame | working | waiting | recognition crashed, hung or failed over it; an attempt is counted |
| lose | working | waiting | the process that read it was killed, or its lease has run out; a loss is counted |
| postpone | working / others | waiting / the same | something passing was in the way; no attempt is counted |
| recover | working | waiting | the daemon that had claimed it is dead; a loss is counted |
| record | working | recognized | results, pictures and an outbox name are kept |
| renew | working | recognized | the same content was read before; its results, which are gone, are kept once more |
| rename | recognized | recognized | something else stands in the outbox under its name by now |
| publish | recognized | published | its outputs stand in the outbox |
| duplicate | working | published | the same content was read before |
| finish | published | done | the original is in archive/ (or was replaced, removed, or is left where it is) |
| condemn | working | condemned | it cannot be read |
| quarantine | condemned | failed | the original and its reason are in failed/ |
| forget | waiting, working, condemned | nothing | the file is gone, or no longer what was claimed |
| release | failed | nothing | a person has put the original back into the inbox |

Results outlive their document's journey: they are the day tables' source, and hold what a person has said of their
numbers since (`daemon.ledger.reviews`). Times within a run (`due`) are monotonic seconds and void after a restart, so
that a clock that is set never holds a document back.
"""

from daemon.ledger.transitions import Ledger

__all__ = ["Ledger"]
