"""The seller's page and the voice: what people see, touch and hear of a sale."""
