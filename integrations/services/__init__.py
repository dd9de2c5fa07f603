"""What others may ask of integrations."""

from .importing import ImportOptions, import_orders
from .product_import import (
    FORMAT as PRODUCTS,
)
from .product_import import (
    NEEDED as NEEDED_FOR_PRODUCTS,
)
from .product_import import (
    keep_product_file,
    product_plan_of,
    start_product_import,
    take_product_rows,
    take_products_now,
)
from .product_plan import PlannedRow, ProductPlan, plan_products
from .product_preview import PER_PAGE as PREVIEWED_PER_PAGE
from .product_preview import PreviewRow, ProductPreview, preview_products
from .summary import Summary, summarize_batch, summarize_plan

__all__ = [
    "NEEDED_FOR_PRODUCTS",
    "PREVIEWED_PER_PAGE",
    "PRODUCTS",
    "ImportOptions",
    "PlannedRow",
    "PreviewRow",
    "ProductPlan",
    "ProductPreview",
    "Summary",
    "import_orders",
    "keep_product_file",
    "plan_products",
    "preview_products",
    "product_plan_of",
    "start_product_import",
    "summarize_batch",
    "summarize_plan",
    "take_product_rows",
    "take_products_now",
]
