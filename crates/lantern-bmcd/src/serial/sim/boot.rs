//! What the machine says when it starts: its firmware, a boot loader, and a kernel that has seen the
//! same hardware as the BMC's inventory tells of.

/// Lines, each with the time at which it comes, in milliseconds from power-on.
pub(super) const LINES: [(u64, &str); 30] = [
    (100, ""),
    (110, "Lantern reference board, firmware 1.4.2"),
    (300, "CPU: 2 x 16 cores   Memory: 65536 MiB, ECC on"),
    (420, "Fans: 6 of 6   Power supplies: 2 of 2"),
    (520, "Press DEL for setup, F11 for the boot menu"),
    (760, "Booting from disk 0 ..."),
    (800, "GRUB loading."),
    (840, "Loading Linux 6.12.0-lantern ..."),
    (880, "Loading initial ramdisk ..."),
    (940, "[    0.000000] Linux version 6.12.0-lantern (build@lantern) #1 SMP PREEMPT_DYNAMIC"),
    (940, "[    0.000000] Command line: root=/dev/sda2 ro console=tty0 console=ttyS0,115200n8"),
    (960, "[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000107fffffff] usable"),
    (1000, "[    0.012418] smpboot: Allowing 64 CPUs, 0 hotplug CPUs"),
    (1040, "[    0.084210] printk: console [ttyS0] enabled"),
    (1080, "[    0.131077] Memory: 65781344K/67108864K available"),
    (1140, "[    0.198834] smp: Brought up 2 nodes, 64 CPUs"),
    (1200, "[    0.254105] PCI: Using configuration type 1 for base access"),
    (1260, "[    0.317792] ACPI: IPMI: KCS interface at I/O port 0xca2"),
    (1320, "[    0.377151] Serial: 8250/16550 driver, 4 ports, IRQ sharing enabled"),
    (1340, "[    0.398006] 00:03: ttyS0 at I/O 0x3f8 (irq = 4, base_baud = 115200) is a 16550A"),
    (1400, "[    0.461239] ahci 0000:00:17.0: AHCI 0001.0301 32 slots 8 ports 6 Gbps"),
    (1460, "[    0.522790] scsi 0:0:0:0: Direct-Access     LANTERN  SIMDISK          1.0"),
    (
        1500,
        "[    0.560012] sd 0:0:0:0: [sda] 1953525168 512-byte logical blocks: (1.00 TB/932 GiB)",
    ),
    (1560, "[    0.619943] igb 0000:04:00.0 eth0: Gigabit Ethernet Network Connection"),
    (
        1620,
        "[    0.681560] ipmi_si: Found new BMC (man_id: 0x000000, prod_id: 0x0001, dev_id: 0x20)",
    ),
    (1700, "[    0.760218] EXT4-fs (sda2): mounted filesystem with ordered data mode"),
    (1780, "[    0.842377] systemd[1]: Detected architecture x86-64."),
    (1860, "[  OK  ] Started OpenSSH server."),
    (1920, "[  OK  ] Reached target Multi-User System."),
    (2000, ""),
];

/// What the kernel has said.
pub(super) fn kernel() -> impl Iterator<Item = &'static str> {
    LINES.into_iter().map(|(_, line)| line).filter(|line| line.starts_with("[    "))
}
