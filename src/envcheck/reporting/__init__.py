"""Record → text. A view listens while a run goes on, a report renders it afterwards."""
