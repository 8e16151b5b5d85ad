-- The ages at which a baby uses a SKU, as the words of the SKU master tell them. Ages written out
-- ("6-12个月", "1-3岁", "6个月以上") go before the rule for the product (seed stage_products).
{% set months = "\\s*(?:个月|月龄|月|M)(?:[^A-Z]|$)" %}
{% set to = "\\s*(?:-|~|～|—|–|至|到)\\s*" %}
with texts as (
    select
        sku_id,
        upper(translate(coalesce(category, ''), '０１２３４５６７８９', '0123456789')) as category_text,
        upper(translate(
            concat_ws(' ', baby_stage, sku_name), '０１２３４５６７８９＋', '0123456789+'
        )) as words
    from {{ ref('int_skus') }}
),

written as (
    select
        *,
        regexp_extract(words, '(\d{1,2})(?:个?月|M)?{{ to }}(\d{1,2}){{ months }}', ['low', 'high']) as in_months,
        regexp_extract(words, '(\d{1,2})(?:周?岁)?{{ to }}(\d{1,2})\s*(?:周岁|岁)', ['low', 'high']) as in_years,
        regexp_extract(
            words, '(\d{1,2})\s*(?:个月|月龄|月|M)\s*(?:以上|起|\+)|(\d{1,2})\s*(?:周岁|岁)\s*(?:以上|起|\+)', ['months', 'years']
        ) as upwards
    from texts
),

ruled as (
    select
        texts.sku_id,
        arg_min(rules, rules.priority) as rule
    from texts
    inner join {{ ref('stage_products') }} as rules
        on regexp_matches(texts.category_text || ' ' || texts.words, rules.category_pattern)
        and regexp_matches(texts.words, rules.text_pattern)
    group by all
),

aged as (
    select
        sku_id,
        rule,
        coalesce(
            try_cast(in_months.low as integer),
            12 * try_cast(in_years.low as integer),
            try_cast(upwards.months as integer),
            12 * try_cast(upwards.years as integer),
            rule.months_from
        ) as months_from,
        case
            when in_months.high <> '' then cast(in_months.high as integer)
            when in_years.high <> '' then 12 * cast(in_years.high as integer)
            else coalesce(rule.months_to, 36)
        end as months_to
    from written
    left join ruled using (sku_id)
)

select
    sku_id,
    coalesce(rule.product_stage, 'written age') as product_stage,
    months_from,
    months_to,
    coalesce(rule.edge_months, 2) as edge_months
from aged
where months_from < months_to
