//! Groups for controllers that ours is none of.

use crate::pair::Pair;

#[test]
fn a_bmc_refuses_what_is_not_for_it() {
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "hpm",
        "hpm help",
        "hpm bogus",
        "hpm check",
        "hpm targetcap",
        "hpm rollbackstatus",
        "hpm upgstatus",
        "hpm selftestresult",
        "hpm abort",
        "hpm rollback",
        "hpm activate",
        "hpm compprop 0 0",
        "picmg",
        "picmg help",
        "picmg bogus",
        "picmg properties",
        "picmg addrinfo",
        "picmg policy get 0",
        "picmg led prop 0",
        "picmg activate 0",
        "vita",
        "vita help",
        "vita bogus",
        "vita properties",
        "vita addrinfo",
        "vita policy get 0",
        "vita activate 0",
        "nm",
        "nm help",
        "nm discover",
        "delloem",
        "delloem help",
        "delloem lcd info",
        "isol",
        "isol help",
        "isol info",
        "tsol",
    ] {
        pair.same(line);
    }
}
