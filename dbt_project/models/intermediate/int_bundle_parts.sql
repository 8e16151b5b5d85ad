-- What a bundle was made of, and when. A part weighs what the ERP says it has of the bundle's
-- price; where it does not say so of all parts, their list price; without that, their units.
with components as (
    select
        bundles.bundle_code,
        bundles.component_sku_code as sku_id,
        bundles.qty,
        bundles.valid_from,
        bundles.valid_to,
        cast(bundles.share_amount * 100 as bigint) as share_fen,
        cast(round(skus.list_price_amount * 100 * bundles.qty) as bigint) as list_fen
    from {{ ref('stg_jushuitan__bundles') }} as bundles
    left join {{ ref('int_skus') }} as skus
        on skus.sku_id = bundles.component_sku_code
    -- accounts of one ERP speak of one shelf: the first of them says what is in a bundle
    qualify dense_rank() over (partition by bundles.bundle_code order by bundles.shop_id) = 1
),

known as (
    select
        *,
        count(share_fen) over a_version = count(*) over a_version
            and sum(share_fen) over a_version > 0 as has_shares,
        count(list_fen) over a_version = count(*) over a_version
            and sum(list_fen) over a_version > 0 as has_prices
    from components
    window a_version as (partition by bundle_code, valid_from)
)

select
    bundle_code,
    valid_from,
    coalesce(valid_to, timestamptz '9999-12-31 00:00:00+08') as valid_to,
    list({
        'sku_id': sku_id,
        'qty': qty,
        'weight': case
            when has_shares then share_fen
            when has_prices then list_fen
            else cast(round(qty * 100) as bigint)
        end
    } order by sku_id) as parts
from known
group by all
