{{ config(materialized='view') }}

with reviews as (
    {% for platform in var('order_platforms') %}
    select
        review_id, order_id, order_line_id, platform, shop_id, platform_item_id, platform_sku_id,
        rating, content_length, created_at
    from {{ ref('stg_' ~ platform ~ '__reviews') }}
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select
    reviews.review_id,
    reviews.order_id,
    reviews.order_line_id,
    reviews.platform,
    reviews.shop_id,
    reviews.platform_item_id,
    reviews.platform_sku_id,
    codes.code as sold_code,
    {{ beijing_date('reviews.created_at') }} as ds,
    cast(reviews.rating as double) as rating,
    cast(reviews.content_length as double) as content_length
from reviews
left join {{ ref('int_listing_codes') }} as codes
    on codes.platform = reviews.platform
    and codes.shop_id = reviews.shop_id
    and codes.listing_key = coalesce(reviews.platform_sku_id, reviews.platform_item_id)
where reviews.created_at < {{ end_of(as_of()) }}
