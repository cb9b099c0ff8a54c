-- What every connection is set to, and what the server has to be for its answers to be worth something.
-- $1 schema, $2 milliseconds of a statement, $3 milliseconds of a pause within a transaction (0: any).
SELECT
    -- Written through: local WAL is flushed, and standbys that the server is told to wait for have it.
    set_config(
        'synchronous_commit',
        CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END,
        false
    ) AS synchronous_commit,
    current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes,
    current_setting('transaction_read_only') AS transaction_read_only,
    current_setting('server_version_num') AS server_version_num,
    set_config('search_path', $1, false),
    set_config('client_min_messages', 'error', false),
    set_config('default_transaction_isolation', 'read committed', false),
    set_config('statement_timeout', $2, false),
    set_config('lock_timeout', $2, false),
    set_config('idle_in_transaction_session_timeout', $3, false),
    -- A gateway that is cut off keeps no lock for longer than this.
    set_config('tcp_keepalives_idle', '10', false),
    set_config('tcp_keepalives_interval', '5', false),
    set_config('tcp_keepalives_count', '3', false),
    -- Every statement goes by a primary key, and does so before there are statistics.
    set_config('plan_cache_mode', 'force_generic_plan', false),
    set_config('enable_seqscan', 'off', false),
    set_config('enable_sort', 'off', false),
    set_config('max_parallel_workers_per_gather', '0', false),
    set_config('jit', 'off', false),
    -- Long values are JSON: lz4 packs them quickly, where the server was built with it.
    set_config(
        'default_toast_compression',
        CASE
            WHEN EXISTS (
                SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)
            ) THEN 'lz4'
            ELSE current_setting('default_toast_compression')
        END,
        false
    )
