"""Reading FHIR R4 bundles: files in, plain records out. What is written about them is patients.actions.imports'
business."""
