select
    series.unique_id,
    series.sku_id,
    series.warehouse_id,
    skus.brand_id,
    skus.category,
    skus.baby_stage,
    skus.list_price_amount,
    skus.abc_class,
    series.first_sold_on
from {{ ref('int_series') }} as series
inner join {{ ref('dim_sku') }} as skus using (sku_id)
