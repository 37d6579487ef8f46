//! Policy rules: `RTM_NEWRULE`, `RTM_DELRULE`.
