{{ config(materialized='view') }}

-- Which customer a brand member is, where the member ever ordered.
select distinct
    members.member_key,
    identities.customer_id
from {{ ref('stg_crm__members') }} as members
inner join {{ ref('int_identities') }} as identities
    on identities.node = 'member ' || members.member_key
