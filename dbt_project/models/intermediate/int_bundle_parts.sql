-- What a bundle was made of, and when. A part weighs what the ERP says it has of the bundle's
-- price; where it does not say so of all parts, their list price; without that, their units. A bundle in
-- a bundle is opened too, as it was then; one that holds itself, or goes deeper than `deepest`, is
-- endless and left as it is told.
{% set deepest = 5 %}
{#- a bundle in a bundle may weigh little: where there is one, parts are weighed in thousandths -#}
{% set finer = 1000 %}
with recursive components as (
    select
        bundles.bundle_code,
        bundles.component_sku_code as sku_id,
        bundles.qty,
        bundles.valid_from,
        coalesce(bundles.valid_to, timestamptz '9999-12-31 00:00:00+08') as valid_to,
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
),

-- weight_before is that of the parts before it: by it the parts of a part add up to the part
weighed as (
    select
        *,
        sum(weight) over a_version as total_weight,
        sum(weight) over (a_version order by sku_id) - weight as weight_before,
        bool_or(sku_id in (select bundle_code from known)) over (partition by bundle_code)
            as is_nested
    from (
        select
            bundle_code,
            valid_from,
            valid_to,
            sku_id,
            qty,
            cast(case
                when has_shares then share_fen
                when has_prices then list_fen
                else round(qty * 100)
            end as hugeint) as weight
        from known
    )
    window a_version as (partition by bundle_code, valid_from)
),

paths as (
    select
        bundle_code,
        valid_from,
        valid_to,
        sku_id,
        qty,
        weight * if(is_nested, {{ finer }}, 1) as weight,
        1 as depth
    from weighed
    union all
    select
        paths.bundle_code,
        greatest(paths.valid_from, inside.valid_from) as valid_from,
        least(paths.valid_to, inside.valid_to) as valid_to,
        inside.sku_id,
        paths.qty * inside.qty as qty,
        coalesce(
            paths.weight * (inside.weight_before + inside.weight) // nullif(inside.total_weight, 0)
            - paths.weight * inside.weight_before // nullif(inside.total_weight, 0),
            0
        ) as weight,
        paths.depth + 1 as depth
    from paths
    inner join weighed as inside
        on inside.bundle_code = paths.sku_id
        and inside.valid_from < paths.valid_to
        and inside.valid_to > paths.valid_from
    where paths.depth < {{ deepest }}
),

endless as (
    select distinct bundle_code
    from paths
    where depth = {{ deepest }} and sku_id in (select bundle_code from known)
),

leaves as (
    select paths.*, endless.bundle_code is not null as is_endless
    from paths
    left join endless
        on endless.bundle_code = paths.bundle_code
    where if(
        endless.bundle_code is not null,
        paths.depth = 1,
        paths.sku_id not in (select bundle_code from known)
    )
),

-- a bundle changes with the bundles in it
versions as (
    select
        bundle_code,
        valid_from,
        lead(valid_from, 1, timestamptz '9999-12-31 00:00:00+08') over (
            partition by bundle_code order by valid_from
        ) as valid_to
    from (select distinct bundle_code, valid_from from leaves)
)

select
    bundle_code,
    valid_from,
    valid_to,
    list({'sku_id': sku_id, 'qty': qty, 'weight': weight} order by sku_id) as parts,
    any_value(is_endless) as is_endless
from (
    select
        versions.bundle_code,
        versions.valid_from,
        versions.valid_to,
        leaves.sku_id,
        sum(leaves.qty) as qty,
        cast(sum(leaves.weight) as bigint) as weight,
        any_value(leaves.is_endless) as is_endless
    from versions
    inner join leaves
        on leaves.bundle_code = versions.bundle_code
        and leaves.valid_from <= versions.valid_from
        and leaves.valid_to > versions.valid_from
    group by all
)
group by bundle_code, valid_from, valid_to
