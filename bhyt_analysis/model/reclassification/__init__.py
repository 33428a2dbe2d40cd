"""Entitlements, reclassification of communes, and who comes back."""
