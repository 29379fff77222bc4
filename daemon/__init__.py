"""The service: watches the inbox, runs recognition, publishes results and loses nothing."""
