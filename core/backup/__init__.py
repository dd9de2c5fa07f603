"""Backups: the database and the files of the business in one archive, and the way back from it.

The database is copied first, as it stood at one moment, then the files. Files are only ever added, and a file is
there before the row that names it (`core.files`); so every file that the copied rows name is in the archive, while
the business goes on. On the way back files come first and the database last, for the same reason.
"""
