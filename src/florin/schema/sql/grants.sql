-- Who may do what. Run after every migration; running it again changes nothing.
-- The engine adds events, batches and statements of fact and never changes or deletes them.
GRANT USAGE ON SCHEMA public TO florin_engine, florin_pages;

GRANT SELECT ON ALL TABLES IN SCHEMA public TO florin_engine;
GRANT INSERT, SELECT ON event, batch, writer, sweep, parent_order TO florin_engine;
GRANT INSERT, SELECT ON merchant_day, onboarding_step TO florin_engine;
GRANT INSERT, SELECT, UPDATE ON payout_policy, payout_batch, payout_approval TO florin_engine;
GRANT INSERT, SELECT, UPDATE ON merchant_application, licensed_category TO florin_engine;
GRANT INSERT, SELECT, UPDATE, DELETE ON blocked_party TO florin_engine;
GRANT INSERT, SELECT, UPDATE ON settlement_terms TO florin_engine;
GRANT INSERT, SELECT, UPDATE ON reserve_hold TO florin_engine;
GRANT INSERT, SELECT, UPDATE, DELETE ON bank_holiday TO florin_engine;
GRANT INSERT, SELECT ON acceptance_version, experiment, experiment_end, escrow_version TO florin_engine;
GRANT INSERT, SELECT, DELETE ON claim, parked_line, payment_code, signature_failure, wire_call TO florin_engine;
GRANT INSERT, SELECT, UPDATE, DELETE ON parked_window TO florin_engine;
GRANT INSERT, SELECT, UPDATE ON lane, clock, program, merchant, app, store, terminal, api_key, platform_key, person, wallet, agreement, trade, payment,
    line, shared_exposure, line_account, statement, merchant_balance, payout, outbox, proof, campaign, campaign_budget,
    campaign_use, funding_agreement, funding_cap, joint_loan, refund_request, fee_plan, fee_assignment TO florin_engine;
GRANT INSERT, SELECT ON bank_line, bank_statement, simulated_message TO florin_engine;
-- Of a statement's line only what it is found to be may change.
GRANT UPDATE (fits) ON bank_line TO florin_engine;
GRANT INSERT, SELECT, UPDATE ON bank_break, receipt, bank_setup, bank_file, bank_order, simulated_entry, simulated_mishap, simulated_day TO florin_engine;
GRANT INSERT, SELECT, UPDATE, DELETE ON simulated_rule TO florin_engine;
GRANT INSERT, SELECT, UPDATE, DELETE ON owner_endpoint, webhook_endpoint TO florin_engine;
GRANT INSERT, SELECT, DELETE ON oauth_code, oauth_token TO florin_engine;
GRANT INSERT, SELECT, DELETE ON webhook_attempt TO florin_engine;
-- The daily proof keeps what it has summed; it is a cache of the events.
GRANT INSERT, SELECT, UPDATE, DELETE ON proven_balance, proven_head, proven_through TO florin_engine;
-- A proof sums in a table of its own that goes with its transaction.
DO $$
BEGIN
    IF NOT has_database_privilege('florin_engine', current_database(), 'TEMPORARY') THEN
        EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO florin_engine', current_database());
    END IF;
END $$;
REVOKE UPDATE, DELETE, TRUNCATE ON event, batch FROM florin_engine;

-- The pages read money and write only their own tables.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO florin_pages;
REVOKE SELECT ON platform_key, api_key, payment_code, oauth_code, oauth_token, owner_endpoint, webhook_endpoint, app FROM florin_pages;
GRANT SELECT (id, merchant_id, url, topics, old_until, allow_loopback, created_at) ON webhook_endpoint TO florin_pages;
GRANT SELECT (id, merchant_id, name, wire, market, state, public_keys, notify_url, allow_loopback, mall) ON app TO florin_pages;
REVOKE SELECT ON experiment FROM florin_pages;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO florin_engine;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables
                 WHERE schemaname = 'public' AND (tablename LIKE 'django\_%' OR tablename LIKE 'auth\_%' OR tablename LIKE 'pages\_%')
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO florin_pages', name);
    END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences
                 WHERE schemaname = 'public' AND (sequencename LIKE 'django\_%' OR sequencename LIKE 'auth\_%' OR sequencename LIKE 'pages\_%')
    LOOP
        EXECUTE format('GRANT USAGE ON SEQUENCE %I TO florin_pages', name);
    END LOOP;
END $$;
