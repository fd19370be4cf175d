"""Where providers of mail and of text messages speak to the clinic. Every word is signed; nobody else is heard."""
