with seen as (
    select sku_id from {{ ref('int_skus') }} where not is_bundle
    union
    select sku_id from {{ ref('int_order_lines') }}
    union
    select sku_id from {{ ref('int_stock') }}
    union
    select sku_id from {{ ref('int_purchase_lines') }}
)

select
    seen.sku_id,
    skus.sku_name,
    skus.brand_id,
    skus.category,
    skus.baby_stage,
    skus.item_code,
    skus.barcode,
    cast(coalesce(skus.unit_cost_amount, terms.unit_cost_amount) as double) as unit_cost_amount,
    cast(skus.list_price_amount as double) as list_price_amount,
    terms.supplier_id,
    terms.supplier_name,
    terms.lead_time_days,
    terms.lead_time_sd_days,
    terms.lead_time_source,
    terms.review_period_days,
    terms.moq,
    terms.pack_size,
    skus.shelf_life_days,
    skus.launched_on,
    skus.discontinued_on,
    class.first_sold_on,
    class.last_sold_on,
    coalesce(class.abc_class, 'C') as abc_class,
    skus.sku_id is not null as is_in_master
from seen
left join {{ ref('int_skus') }} as skus using (sku_id)
left join {{ ref('int_sku_supplier') }} as terms using (sku_id)
left join {{ ref('int_sku_class') }} as class using (sku_id)
