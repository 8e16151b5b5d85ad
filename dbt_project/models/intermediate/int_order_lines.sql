{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget() }}"
) }}

-- One row per sellable component of a platform's line: coded, exploded, refunded. Whatever landed is
-- in it, also what only happened after as_of: int_visible_lines leaves that out.
-- depends_on: {{ ref('int_lines_before') }}
{% set component = '[{"code": "VARCHAR", "qty": "DOUBLE", "amount": "DECIMAL(18,2)"}]' %}
with superseded as (
    {{ superseded_orders(lines_to_read()) }}
),

refunds as (
    select
        order_line_id,
        cast(sum(refund_amount) as decimal(18, 2)) as refund_amount,
        sum(refund_qty) filter (
            where status = 'success'
                and coalesce(type, '') not in ('exchange', 'reship', 'price_protect', 'repair')
        ) as refund_qty,
        sum(returned_qty) as returned_qty,
        max(success_at) as refunded_at,
        bool_or(is_line_refunded) as is_line_refunded,
        bool_or(status in ('requested', 'approved', 'goods_in_transit')) as is_refund_open
    from {{ ref('int_refund_lines') }} as refunds
    {{ only_touched('refunds') }}
    where order_line_id is not null
    group by order_line_id
),

refunded_orders as (
    select distinct order_id
    from {{ ref('int_refund_lines') }} as refunds
    {{ only_touched('refunds') }}
    where is_order_refunded
),

-- freight stays with the order's first line that is no gift
freight_lines as (
    select
        order_id,
        min_by(order_line_id, (is_gift, line_no, order_line_id)) as order_line_id
    from {{ lines_to_read() }}
    where freight_amount <> 0
    group by order_id
),

-- What platforms say is in a bundle counts where every code of it is known. A part weighs its
-- amount; where not all have one, its list price; without that, its units.
component_texts as (
    select components from {{ ref('int_listings') }} where components is not null
    union
    select components
    from {{ lines_to_read() }}
    where components is not null
),

component_parts as (
    select
        texts.components,
        texts.part.code as sku_id,
        sum(texts.part.qty) as qty,
        cast(sum(texts.part.amount) * 100 as bigint) as amount_fen,
        cast(round(any_value(codes.list_fen) * sum(texts.part.qty)) as bigint) as list_fen,
        bool_and(codes.code is not null and not codes.is_bundle) as is_known,
        bool_and(texts.part.amount is not null) as has_amount
    from (
        select components, unnest(from_json(components, '{{ component }}')) as part
        from component_texts
    ) as texts
    left join {{ ref('int_codes') }} as codes
        on codes.code = texts.part.code
    group by all
),

component_lists as (
    select
        components,
        list({
            'sku_id': sku_id,
            'qty': qty,
            'weight': case
                when has_amounts then amount_fen
                when has_prices then list_fen
                else cast(round(qty * 100) as bigint)
            end
        } order by sku_id) as parts
    from (
        select
            *,
            bool_and(has_amount) over a_list and sum(amount_fen) over a_list > 0 as has_amounts,
            min(list_fen) over a_list > 0 as has_prices,
            bool_and(is_known) over a_list as all_known
        from component_parts
        window a_list as (partition by components)
    )
    where all_known
    group by components
),

lines as (
    select
        lines.* replace (
            coalesce(amounts.paid_amount, lines.paid_amount) as paid_amount,
            case when freight_lines.order_line_id is not null then lines.freight_amount end
                as freight_amount
        ),
        coalesce(
            lines.created_at, lines.deposit_paid_at, lines.paid_at,
            timezone('Asia/Shanghai', cast(lines.landed_on as timestamp))
        ) as ordered_at,
        coalesce(lines.platform_sku_id, lines.platform_item_id) as listing_key,
        coalesce(refunds.refund_amount, 0) as refund_amount,
        least(coalesce(refunds.refund_qty, 0), lines.qty) as refund_qty,
        coalesce(refunds.returned_qty, 0) as returned_qty,
        refunds.refunded_at,
        coalesce(refunds.is_refund_open, false) as is_refund_open,
        coalesce(refunds.is_line_refunded, false) as is_line_refunded,
        refunded_orders.order_id is not null as is_order_refunded,
        lines.order_kind in ('sale', 'presale') and coalesce(suspected.is_suspected, false)
            as is_brush_suspected,
        homes.digest as home_warehouse_id
    from {{ lines_to_read() }} as lines
    left join {{ ref('int_line_amounts') }} as amounts
        on amounts.order_line_id = lines.order_line_id
    left join freight_lines
        on freight_lines.order_line_id = lines.order_line_id
    left join refunds
        on refunds.order_line_id = lines.order_line_id
    left join refunded_orders
        on refunded_orders.order_id = lines.order_id
    left join {{ ref('int_suspected_orders') }} as suspected
        on suspected.order_id = lines.order_id
    left join {{ ref('int_mapping_keys') }} as homes
        on homes.kind = 'home'
        and homes.key = concat_ws('|', lines.platform, lines.shop_id)
    anti join superseded
        on superseded.order_id = lines.order_id
),

-- The ladder: the code on the line, the link that held when it was ordered, the barcode. Where a
-- step leads to several codes it leads nowhere.
coded as (
    select
        lines.*,
        listings.units_per_pack,
        coalesce(lines.components, listings.components) as stated_components,
        coalesce(
            own.code,
            case when lines.is_stated_sku then lines.merchant_code end,
            links.code,
            barcodes.code
        ) as code,
        case
            when own.code is not null then 'merchant_code'
            when lines.is_stated_sku and lines.merchant_code is not null then 'stated'
            when links.code is not null then 'sku_link'
            when barcodes.code is not null then 'barcode'
            when links.listing_key is not null or barcodes.barcode is not null then 'ambiguous'
            else 'unmapped'
        end as sku_mapping_step
    from lines
    left join {{ ref('int_listings') }} as listings
        on listings.platform = lines.platform
        and listings.shop_id = lines.shop_id
        and listings.listing_key = lines.listing_key
    left join {{ ref('int_codes') }} as own
        on own.code = lines.merchant_code
    left join {{ ref('int_sku_links') }} as links
        on links.platform = lines.platform
        and links.shop_id = lines.shop_id
        and links.listing_key = lines.listing_key
        and lines.ordered_at >= links.valid_from
        and lines.ordered_at < links.valid_to
    left join {{ ref('int_barcodes') }} as barcodes
        on barcodes.barcode = coalesce(lines.barcode, listings.barcode)
),

opened as (
    select
        coded.*,
        coalesce(component_lists.parts, bundles.parts) as parts,
        case
            when component_lists.parts is not null then 'platform'
            when bundles.parts is not null then 'erp'
        end as bundle_source,
        list_sum([p.weight for p in coalesce(component_lists.parts, bundles.parts)]) as total_weight,
        list_max([
            i for p, i in coalesce(component_lists.parts, bundles.parts) if p.weight > 0
        ]) as last_part
    from coded
    left join component_lists
        on component_lists.components = coded.stated_components
    left join {{ ref('int_bundle_parts') }} as bundles
        on bundles.bundle_code = coded.code
        and coded.ordered_at >= bundles.valid_from
        and coded.ordered_at < bundles.valid_to
),

exploded as (
    select
        opened.*,
        unnest(coalesce(parts, [null])) as part,
        unnest(range(1, 1 + greatest(coalesce(len(parts), 0), 1))) as part_no
    from opened
),

components as (
    select
        *,
        case when parts is null then 0 else part_no end as component_no,
        coalesce(
            part.sku_id, code, platform || ':' || coalesce(listing_key, merchant_code, 'unknown')
        ) as sku_id,
        qty * coalesce(part.qty, units_per_pack, 1) as unit_qty,
        case
            when lifecycle in ('closed', 'cancelled') and (paid_at is null or is_forfeited)
                then 'cancelled'
            when lifecycle = 'closed' then 'refunded'
            when lifecycle in ('paid', 'part_shipped', 'shipped', 'completed')
                and (is_line_refunded or (is_order_refunded and coalesce(paid_amount, 0) = 0))
                then 'refunded'
            else lifecycle
        end as known_lifecycle
    from exploded
),

settled as (
    select
        * replace (
            {{ kept_payment('components', 'paid_amount') }} as paid_amount,
            -- a gift that never left is back with the goods it came with
            case
                when is_gift and known_lifecycle = 'refunded' and shipped_at is null then qty
                else least(returned_qty, qty)
            end as returned_qty
        )
    from components
)

select
    settled.order_line_id,
    cast(settled.component_no as integer) as component_no,
    settled.order_id,
    settled.parent_order_id,
    settled.platform,
    settled.shop_id,
    settled.platform_order_id,
    settled.line_no,
    settled.platform_item_id,
    settled.platform_sku_id,
    settled.merchant_code,
    settled.sku_id,
    settled.sku_mapping_step,
    case when settled.parts is not null then coalesce(settled.code, settled.merchant_code) end
        as bundle_code,
    settled.unit_qty as qty,
    {{ part_amount('gross_amount') }} as gross_amount,
    {{ part_amount('seller_discount_amount') }} as seller_discount_amount,
    {{ part_amount('platform_discount_amount') }} as platform_discount_amount,
    {{ part_amount('channel_discount_amount') }} as channel_discount_amount,
    {{ part_amount('paid_amount') }} as paid_amount,
    {{ part_amount('receivable_amount') }} as receivable_amount,
    case when settled.part_no = 1 then settled.freight_amount end as freight_amount,
    settled.created_at,
    settled.deposit_paid_at,
    settled.paid_at,
    settled.shipped_at,
    settled.finished_at,
    settled.closed_at,
    settled.ship_due_at,
    settled.source_modified_at,
    {{ beijing_date('settled.ordered_at') }} as created_on,
    {{ beijing_date('settled.paid_at') }} as paid_on,
    {{ beijing_date(
        'greatest(settled.ordered_at, settled.deposit_paid_at, settled.paid_at, settled.shipped_at, '
        ~ 'settled.finished_at, settled.closed_at)'
    ) }} as last_event_on,
    {{ part_amount('deposit_amount') }} as deposit_amount,
    {{ part_amount('balance_amount') }} as balance_amount,
    settled.status_raw,
    settled.known_lifecycle as lifecycle,
    settled.is_forfeited,
    settled.is_gift,
    settled.main_line_id,
    case when settled.is_brush_suspected then 'suspected_brush' else settled.order_kind end
        as order_kind,
    settled.is_brush_suspected,
    settled.channel,
    settled.kol_id,
    settled.room_id,
    settled.buyer_key,
    settled.buyer_key_type,
    settled.union_key,
    settled.address_key,
    coalesce(
        settled.warehouse_code, of_sku.warehouse_id, of_order.warehouse_id,
        settled.home_warehouse_id, 'main'
    ) as warehouse_id,
    settled.seller_flag,
    settled.promo_id,
    {{ part_amount('refund_amount') }} as refund_amount,
    settled.refund_qty * settled.unit_qty / nullif(settled.qty, 0) as refund_qty,
    settled.returned_qty * settled.unit_qty / nullif(settled.qty, 0) as returned_qty,
    settled.refunded_at,
    settled.is_refund_open,
    settled.landed_on,
    settled.row_hash
from settled
left join {{ ref('int_erp_warehouses') }} as of_sku
    on of_sku.order_id = settled.order_id
    and of_sku.sku_id = settled.sku_id
left join {{ ref('int_erp_warehouses') }} as of_order
    on of_order.order_id = settled.order_id
    and of_order.sku_id is null
