"""Messages to patients, companions and the desk: the ledger, the texts, the links in them, and the delivery."""
