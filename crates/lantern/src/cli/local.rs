//! `local`.

use std::path::PathBuf;

use clap::Subcommand;

pub(super) const LOCAL: &str = "\
Commands without -H are for this machine's own BMC, by the kernel's device /dev/ipmi0. Whoever may
open that is an administrator of the BMC: no user, no password. --local-device 1 is a second one.

Examples:
  lantern local status                       modules, firmware tables, device nodes, the BMC
  lantern --local-device 1 local status            of a second BMC
  lantern local status --root /mnt/copy      of a machine whose /proc, /sys and /dev were copied there
  lantern local load                         load the modules; takes root";

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
