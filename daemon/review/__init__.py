"""`digitdrop review`: doubtful numbers on a page in a browser, looked over and corrected by a person.

`doubts` finds the numbers and sorts them, `answers` takes what the person says of them, `session` keeps what was saved,
so that it can be taken back, and `server` is the page.
"""
