-- The SKU master: the ERP's word, field by field, else the plain file's.
with erp as (
    select *
    from {{ ref('stg_jushuitan__skus') }}
    qualify row_number() over (partition by sku_code order by shop_id) = 1
)

select
    coalesce(erp.sku_code, plain.sku_id) as sku_id,
    coalesce(erp.sku_name, plain.sku_name) as sku_name,
    coalesce(erp.brand_id, plain.brand_id) as brand_id,
    coalesce(erp.category, plain.category) as category,
    coalesce(erp.stage, plain.baby_stage) as baby_stage,
    erp.item_code,
    erp.barcode,
    coalesce(erp.unit_cost_amount, plain.unit_cost_amount) as unit_cost_amount,
    coalesce(erp.list_price_amount, plain.list_price_amount) as list_price_amount,
    coalesce(erp.supplier_id, plain.supplier_id) as supplier_id,
    cast(coalesce(erp.shelf_life_days, plain.shelf_life_days) as double) as shelf_life_days,
    coalesce(erp.launched_on, plain.launched_on) as launched_on,
    coalesce(erp.discontinued_on, plain.discontinued_on) as discontinued_on,
    coalesce(erp.is_bundle, false) as is_bundle
from erp
full join {{ ref('stg_generic__skus') }} as plain
    on plain.sku_id = erp.sku_code
