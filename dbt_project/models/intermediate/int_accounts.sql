-- Every account that ever ordered, with the unionids it was seen with.
select distinct
    platform,
    shop_id,
    buyer_key,
    union_key,
    case
        when platform = 'generic' then buyer_key
        else 'c_' || left(md5(concat_ws(':', platform, shop_id, buyer_key)), 20)
    end as account_id
from {{ ref('int_order_lines') }}
where buyer_key is not null
