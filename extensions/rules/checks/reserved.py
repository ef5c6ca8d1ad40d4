"""Names that generated code or Windows has taken."""

FOREIGN_PACKAGES = frozenset({"chassis", "shared", "tools", "tests"})
# Names that the generated modules import or define beside an entity's own classes.
# tests/template/test_reserved_names.py compares them with a generated project.
CLASSES = frozenset(
    """
    Annotated Any AwareDatetime Base DataApiRecords DataSettings Decimal Depends EmailStr
    Exact FeatureSettings Field FromText IfMatch ListQuery Literal Mapped Mapping NotNull Page Path
    Protocol Query Repository Response RuleViolated Schema Settings Url VersionedRecord
    """.split()
)

PLURALS = frozenset(
    {"body", "changed", "created", "found", "page", "query", "sent"}
    # What is in a folder of this name is taken for tests.
    | {"tests"}
    # Tables that modules have.
    | {"daily_counts", "handled_messages", "outbox"}
)

MODULES = frozenset(
    {"errors", "ports", "dependencies", "problems", "conftest", "fakes", "use_cases"}
)

# Packages beside the modules that have an entity's name, not its plural.
PACKAGES = frozenset({"events"})
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
    (frozenset({"str", "int", "bool", "dict", "dt"}), "would hide the type of other fields"),
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
