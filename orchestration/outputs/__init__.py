"""What people open: the plan as a workbook and as CSV, the churn list, the pictures beside them."""
