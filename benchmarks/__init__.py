"""What is measured, on data as big as a business that does well."""
