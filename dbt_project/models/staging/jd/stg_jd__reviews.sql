{{ stage_reviews('jd') }}
