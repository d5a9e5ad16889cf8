//! The kinds of `miglab new`, for tests that go through all of them.

/// What `new` is asked for, a kind each.
pub const KINDS: &[&[&str]] = &[
    &["add-column", "users.nickname", "text"],
    &["add-column", "users.nickname", "text", "--from", "lower(username)"],
    &["rename-column", "users.username", "display_name"],
    &["split-column", "users.full_name", "first_name", "last_name"],
    &["merge-columns", "users.first_name", "users.last_name", "full_name"],
    &["change-type", "orders.total", "bigint"],
    &["drop-column", "users.legacy"],
    &["add-not-null", "users.email"],
    &["add-unique", "users.email"],
    &["add-check", "products.price", "price >= 0", "--type", "numeric"],
    &["add-foreign-key", "orders.user_id", "users.id"],
    &["add-index", "users.email"],
    &["set-default", "users.plan", "free"],
    &["add-table", "invoices", "number text not null", "total:numeric(12, 2)"],
    &["drop-table", "audit_log"],
    &["rename-table", "users", "accounts"],
    &["split-table", "users", "addresses", "street", "city"],
];
