-- Every code that something is stocked or sold under.
select
    coalesce(skus.sku_id, bundles.bundle_code) as code,
    bundles.bundle_code is not null as is_bundle,
    coalesce(cast(round(skus.list_price_amount * 100) as bigint), 0) as list_fen
from {{ ref('int_skus') }} as skus
full join (select distinct bundle_code from {{ ref('int_bundle_parts') }}) as bundles
    on bundles.bundle_code = skus.sku_id
