"""What support looks at: Django's admin, which here can only read. docs/decisions/admin-for-support.md."""
