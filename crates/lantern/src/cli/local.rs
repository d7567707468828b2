//! `local`.

use std::path::PathBuf;

use clap::Subcommand;

pub(super) const LOCAL: &str = "\
Commands without -H are for this machine's own BMC, by the kernel's device /dev/ipmi0. Whoever may
open that is an administrator of the BMC: no user, no password.

Examples:
  lantern local status                       modules, firmware tables, device nodes, the BMC
  lantern local load                         load the modules; takes root
  lantern mc info                            of this machine's own BMC
  lantern --device 1 mc info                 of a second one";

#[derive(Debug, Subcommand)]
pub(crate) enum Local {
    /// What there is: kernel modules, what the firmware says, device nodes, and whether a BMC
    /// answers; ends with 1 if none does
    Status {
        /// Look below DIR in the place of /: a copy of another machine's /proc, /sys and /dev
        #[arg(long, value_name = "DIR")]
        root: Option<PathBuf>,
    },
    /// Load the kernel modules that lead to the BMC, and wait for its device node; takes root
    Load,
}
