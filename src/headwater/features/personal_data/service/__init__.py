"""The services of personal data: belongings, deletion of accounts, exports."""
