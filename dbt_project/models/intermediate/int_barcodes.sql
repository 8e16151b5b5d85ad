-- The code a barcode (69码) stands for, where it stands for one only.
select
    barcode,
    case when count(distinct sku_id) = 1 then min(sku_id) end as code
from {{ ref('int_skus') }}
where barcode is not null
group by barcode
