//! `chassis` and `power`.

use crate::pair::Pair;

#[test]
fn power_is_told_and_changed_alike() {
    let Some(pair) = Pair::reference() else { return };
    for line in ["power status", "chassis power status", "power", "power help", "power bogus"] {
        pair.same(line);
    }
    let status = &["chassis status", "power status"];
    for action in ["on", "off", "off", "up", "reset", "cycle", "diag", "down", "acpi", "on", "soft"]
    {
        pair.same_change(&format!("power {action}"), status);
    }
}
