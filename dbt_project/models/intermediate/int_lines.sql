{{ config(materialized='view') }}

-- The lines of all orders, as their platforms tell them: bundles whole, parents beside children.
{% set columns = [
    'order_id', 'order_line_id', 'platform', 'shop_id', 'platform_order_id', 'parent_order_id',
    'root_order_id', 'line_no', 'platform_item_id', 'platform_sku_id', 'merchant_code', 'barcode', 'qty',
    'gross_amount', 'seller_discount_amount', 'platform_discount_amount',
    'channel_discount_amount', 'paid_amount', 'order_goods_amount', 'allocation_base',
    'receivable_amount', 'freight_amount', 'created_at', 'deposit_paid_at', 'paid_at',
    'shipped_at', 'finished_at', 'closed_at', 'ship_due_at', 'source_modified_at',
    'deposit_amount', 'balance_amount', 'status_raw', 'lifecycle', 'is_forfeited', 'is_gift',
    'main_line_id', 'order_kind', 'channel', 'kol_id', 'room_id', 'buyer_key', 'buyer_key_type',
    'union_key', 'address_key', 'warehouse_code', 'seller_flag', 'components', 'promo_id',
    'load_no', 'row_hash', 'landed_on'
] | join(', ') %}
{% for platform in var('order_platforms') %}
select {{ columns }}, false as is_stated_sku
from {{ ref('stg_' ~ platform ~ '__order_lines') }}
union all
{% endfor %}
select {{ columns }}, true as is_stated_sku
from {{ ref('int_erp_lines') }}
union all
select {{ columns }}, true as is_stated_sku
from {{ ref('stg_generic__order_lines') }}
