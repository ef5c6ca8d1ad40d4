"""Names that generated code, PostgreSQL, RabbitMQ or Windows have taken."""

FOREIGN_PACKAGES = frozenset({"chassis", "shared", "tools", "tests"})
# RabbitMQ keeps exchanges whose names begin with `amq.` for itself.
BROKER = frozenset({"amq"})
# PostgreSQL keeps roles whose names begin with `pg_` for itself: `pg` makes `pg_data_postgres_api`.
ROLES = "pg_"

# The context names the databases; these are there, by the module whose server has them.
DATABASES = {
    "PostgreSQL": frozenset({"template0", "template1"}),
    "mongodb": frozenset({"admin", "config", "local"}),
}

# By the form in which a name is written: what stands beside it in a generated module.
# tests/template/test_reserved_names.py finds them in projects of all levels and modules.
TAKEN = {
    "{Class}": frozenset(
        """
        Any Base DataApiRecords Decimal FastAPI JSONB Literal Mapped Mapping MemoryRecords Page
        Protocol Repository Settings UUID VersionedRecord
        """.split()
    ),
    "{Classes}": frozenset(
        "Annotated Any Depends HTTPConnection Mapping Page Protocol UUID".split()
    ),
    "{Class}Query": frozenset({"ListQuery"}),
    "DataApi{Classes}": frozenset({"DataApiRecords"}),
    "{NAME}": frozenset({"KEPT"}),
    "{plural}": frozenset(
        """
        added body changed connection created decides_again found page query response router
        sent state tagged version
        """.split()
    ),
}

# Classes that stand in one module; those of one entity may all meet.
OWN = (
    "{Class}",
    "New{Class}",
    "{Class}Create",
    "{Class}Changes",
    "{Class}Read",
    "{Class}Query",
    "{Class}Sort",
    "{Class}Repository",
    "{Class}Created",
    "{Class}Updated",
    "{Class}Deleted",
    "Create{Class}",
    "Get{Class}",
    "Update{Class}",
    "Delete{Class}",
    "{Classes}",
    "{Classes}Dep",
    "List{Classes}",
    "DataApi{Classes}",
)
# Modules in which those of all entities meet.
ACROSS = (
    ("{Classes}", "{Classes}Dep", "DataApi{Classes}"),
    ("{Class}Repository", "{Classes}Dep"),
    ("New{Class}", "DataApi{Classes}"),
    ("{Class}Created", "{Class}Updated", "{Class}Deleted"),
)

# Words of PostgreSQL's SQL that SQLAlchemy does not quote.
SQL = frozenset({"collation", "concurrently", "lateral", "system_user", "tablesample"})

# What is in a folder of this name is taken for tests.
FOLDERS = frozenset({"tests"})

# Tables and indexes of Alembic and of levels, and what stands at their paths in /api/v1.
RELATIONS = frozenset(
    """
    alembic_version alembic_version_pkc audit audit_log audit_seals auth auth_clients auth_keys
    auth_users ix_audit_log_actor_place ix_audit_log_at ix_audit_log_request_id
    ix_audit_log_action_place ix_audit_log_subject_action_place ix_audit_log_subject_id_place
    ix_audit_log_xid_place
    ix_auth_clients_created_at_id ix_auth_keys_created_at_id ix_auth_users_created_at_id
    pk_audit_log pk_audit_seals pk_auth_clients pk_auth_keys pk_auth_users uq_auth_clients_name
    uq_auth_keys_number uq_auth_users_email
    """.split()
)
# Those of modules: an entity may have such a name while the module is not chosen.
RELATIONS_OF = {
    "workers": frozenset(
        """
        daily_counts handled_messages ix_daily_counts_day ix_handled_messages_handled_at
        pk_daily_counts pk_handled_messages uq_daily_counts_name_day
        """.split()
    ),
    "bot": frozenset(
        """
        bot_chats bot_links bot_updates bot_webhooks ix_bot_chats_created_at
        ix_bot_chats_subscribed ix_bot_links_account ix_bot_links_created_at ix_bot_updates_done
        ix_bot_updates_waiting pk_bot_chats pk_bot_links pk_bot_updates
        uq_bot_chats_chat uq_bot_links_chat
        """.split()
    ),
    "realtime": frozenset(
        """
        ix_push_devices_account ix_push_devices_audience ix_push_devices_created_at
        pk_push_devices push_devices uq_push_devices_device
        """.split()
    ),
    "mongodb": frozenset(
        """
        activities untold_activities
        """.split()
    ),
    "rabbitmq": frozenset(
        """
        outbox pk_outbox
        """.split()
    ),
    "files": frozenset(
        """
        direct_uploads file_links file_parts files files_to_copy ix_files_to_copy_created_at
        ix_stored_files_created_at ix_stored_files_owner ix_stored_files_released
        ix_stored_files_state pk_files_to_copy pk_stored_files stored_files
        """.split()
    ),
    "payments": frozenset(
        """
        ix_payment_turns_caller ix_payment_turns_created_at ix_provider_events_done
        ix_provider_events_due ix_provider_payments_charge ix_provider_payments_created_at
        ix_provider_payments_provider ix_provider_payments_owner ix_provider_payments_state
        ix_provider_refunds_state ix_provider_transactions_provider payment_movements
        payment_reconciliations payment_turns payment_webhooks pk_payment_reconciliations
        pk_payment_turns pk_provider_events pk_provider_payments provider_attempts provider_disputes
        provider_events provider_payments provider_refunds provider_transactions stored_payments
        uq_payment_reconciliations_day uq_provider_attempts_key uq_provider_disputes_reference uq_provider_events_event
        uq_provider_payments_reference uq_provider_refunds_reference
        uq_provider_transactions_moved
        """.split()
    ),
    "communications": frozenset(
        """
        confirmations consents erasures fk_message_prices_id ix_message_events_done ix_message_events_due
        ix_messages_address_hash ix_messages_created_at ix_messages_due ix_messages_recipient ix_messages_state
        ix_messages_channel ix_messages_template ix_preferences_consent ix_preferences_created_at
        ix_suppressions_created_at message_costs message_events message_prices message_webhooks messages
        pk_message_events pk_message_prices pk_messages pk_preferences pk_suppressions preferences
        suppressions unsubscribes uq_message_events_event uq_preferences_address
        uq_suppressions_address
        """.split()
    ),
}

MODULES = frozenset(
    {"errors", "ports", "dependencies", "problems", "conftest", "fakes", "use_cases"}
)

# What stands beside the modules that have an entity's name, not its plural.
PACKAGES = frozenset({"audiences", "events", "fraud_rules", "messages"})
# No file or folder has these names on Windows, nor with a suffix. Of all names that are given, only
# those of entities become one as they are: what is made of the others has more parts.
DEVICES = frozenset({"aux", "con", "nul", "prn"}) | {
    f"{port}{number}" for port in ("com", "lpt") for number in range(10)
}

FIELDS = (
    (
        frozenset({"id", "created_at", "updated_at", "version"}),
        "is a field that every entity has already",
    ),
    (frozenset({"limit", "cursor", "sort"}), "is a parameter of every list"),
    (
        # What PostgreSQL itself keeps in every table.
        frozenset({"cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"}),
        "is a column that PostgreSQL has in every table",
    ),
    (SQL, "is a word of SQL, and no column"),
    (
        frozenset({"str", "int", "bool", "dict", "dt", "mapped_column", "sa"}),
        "would hide what the other fields are made of",
    ),
    (frozenset({"check", "self", "cls"}), "would hide a part of the generated class"),
    (
        # The public attributes of pydantic's BaseModel; compared with pydantic in the tests.
        frozenset(
            """
            construct copy dict from_orm json model_computed_fields model_config model_construct
            model_copy model_dump model_dump_json model_extra model_fields model_fields_set
            model_json_schema model_parametrized_name model_post_init model_rebuild model_validate
            model_validate_json model_validate_strings parse_file parse_obj parse_raw schema
            schema_json update_forward_refs validate
            """.split()
        ),
        "would hide an attribute of pydantic's BaseModel",
    ),
)
