{#- The whole staging model of a platform's reviews: they land in one shape everywhere. Reviews that
    `condition`, SQL over the lake's columns, is not true of are left out. -#}
{% macro stage_reviews(platform, condition='true') -%}
{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='review_id'
) }}
{%- set review_id -%}
    concat_ws(
        ':', platform, shop_id,
        coalesce(review_id, md5(concat_ws(
            '|', order_id, line_id, platform_item_id, platform_sku_id, epoch_us(created_at)
        )))
    )
{%- endset %}
with current_reviews as (
    {{ current_records(platform, 'reviews', review_id, 'review_id') }}
)

select
    {{ review_id }} as review_id,
    case when order_id is not null then concat_ws(':', platform, shop_id, order_id) end as order_id,
    case
        when order_id is not null and line_id is not null
            then concat_ws(':', platform, shop_id, order_id, line_id)
    end as order_line_id,
    platform,
    shop_id,
    platform_item_id,
    platform_sku_id,
    {{ stars('rating') }} as rating,
    content_length,
    created_at,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from current_reviews
where {{ condition }}
{%- endmacro %}


{#- 1 to 5 stars; good, neutral and bad are 5, 3 and 1. -#}
{% macro stars(rating) -%}
    case {{ rating }}
        when 'good' then 5.0
        when '好评' then 5.0
        when 'neutral' then 3.0
        when '中评' then 3.0
        when 'bad' then 1.0
        when '差评' then 1.0
        else try_cast(left({{ rating }}, 1) as double)
    end
{%- endmacro %}
