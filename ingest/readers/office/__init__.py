"""Office documents: what Word, PowerPoint, Excel, LibreOffice and their kin write."""
