# A program for a virtual machine without firmware: it asks its BMC what a table says, over KCS or BT, and
# tells what comes back. It is assembled by hand when it changes (`mod.rs` has the bytes):
#
#   as --32 --defsym BT=0 -o rom.o rom.s && ld -m elf_i386 -Ttext 0 --oformat binary -o rom.bin rom.o
#
# It lies at F000:0000, and the processor jumps there from its reset vector. Each entry of the table is a
# length and so many bytes: network function and LUN, command, data. FFh waits for attention instead,
# FEh for an interrupt, 00h is the end. The first message is sent until its answer is not D2h, for QEMU
# connects to the BMC in its own time.
#
# Each answer is a line of hexadecimal bytes on port E9h, and behind a colon the interface's status and
# the interrupts that were requested since the start (IRR). At the end, port F4h ends QEMU.

        .intel_syntax noprefix
        .code16
        .if BT
        .set CONTROL, 0xe4
        .set DATA, 0xe5
        .set ATTENTION, 0x10
        .else
        .set CONTROL, 0xca3
        .set DATA, 0xca2
        .set ATTENTION, 0x04
        .endif

start:  cli
        xor     ax, ax
        mov     ss, ax
        mov     sp, 0x7000
        mov     ax, cs
        mov     ds, ax
        .if BT
        mov     al, 0x01                # B2H_IRQ_EN of the interrupt mask
        mov     dx, CONTROL + 2
        out     dx, al
        .endif
        mov     bp, 1                   # quietly
first:  mov     si, offset table
        lodsb
        movzx   cx, al
        call    ask
        cmp     bh, 0xd2
        je      first
        xor     bp, bp
        mov     si, offset table
next:   lodsb
        test    al, al
        jz      done
        cmp     al, 0xff
        je      attend
        cmp     al, 0xfe
        je      await
        movzx   cx, al
        call    ask
        mov     al, ':'
        out     0xe9, al
        mov     dx, CONTROL
        in      al, dx
        call    tell
        in      al, 0x20
        call    tell
        mov     al, '\n'
        out     0xe9, al
        jmp     next
done:   xor     al, al
        out     0xf4, al
halt:   hlt
        jmp     halt

attend: mov     dx, CONTROL
        in      al, dx
        test    al, ATTENTION
        jz      attend
        jmp     next

await:  in      al, 0x20                # IRR, as after a reset
        test    al, 0x20
        jz      await
        jmp     next

# Sends cx bytes from si, and tells the answer; its completion code in bh.
ask:    xor     di, di
        .if BT
        mov     dx, CONTROL
1:      in      al, dx
        test    al, 0x84                # B_BUSY, H2B_ATN
        jnz     1b
        mov     al, 0x01                # CLR_WR_PTR
        out     dx, al
        inc     dx
        mov     al, cl
        inc     al                      # the sequence number is ours
        out     dx, al
        lodsb
        out     dx, al
        inc     bl
        mov     al, bl
        out     dx, al
        dec     cx
2:      lodsb
        out     dx, al
        loop    2b
        dec     dx
        mov     al, 0x04                # H2B_ATN
        out     dx, al
3:      in      al, dx
        test    al, 0x08                # B2H_ATN
        jz      3b
        mov     al, 0x40                # H_BUSY
        out     dx, al
        mov     al, 0x08
        out     dx, al
        mov     al, 0x02                # CLR_RD_PTR
        out     dx, al
        inc     dx
        in      al, dx
        movzx   cx, al
        in      al, dx
        call    got
        in      al, dx                  # the sequence number
        sub     cx, 2
4:      in      al, dx
        call    got
        loop    4b
        inc     dx
        mov     al, 0x03                # the interrupt is seen to (B2H_IRQ), and the next one may come
        out     dx, al
        sub     dx, 2
        mov     al, 0x40
        out     dx, al
        ret
        .else
        call    empty
        mov     al, 0x61                # WRITE_START
        out     dx, al
        call    empty
        call    clear
1:      cmp     cx, 1
        je      2f
        call    put
        dec     cx
        jmp     1b
2:      mov     al, 0x62                # WRITE_END
        out     dx, al
        call    empty
        call    clear
        lodsb
        dec     dx
        out     dx, al
        inc     dx
3:      call    empty
        in      al, dx
        and     al, 0xc0
        jz      4f                      # idle
        cmp     al, 0x40                # read
        jne     5f
        call    full
        dec     dx
        in      al, dx
        call    got
        mov     al, 0x68                # READ
        out     dx, al
        inc     dx
        jmp     3b
4:      call    full
        call    clear
        ret
5:      mov     al, 'E'
        out     0xe9, al
        ret

put:    lodsb
        dec     dx
        out     dx, al
        inc     dx
        call    empty
        call    clear
        ret

empty:  mov     dx, CONTROL             # IBF
1:      in      al, dx
        test    al, 0x02
        jnz     1b
        ret

full:   mov     dx, CONTROL             # OBF
1:      in      al, dx
        test    al, 0x01
        jz      1b
        ret

clear:  dec     dx
        in      al, dx
        inc     dx
        ret
        .endif

# Takes al, a byte of an answer.
got:    inc     di
        cmp     di, 3
        jne     1f
        mov     bh, al
1:      test    bp, bp
        jz      tell
        ret

# Writes al and a blank.
tell:   push    ax
        shr     al, 4
        call    digit
        pop     ax
        and     al, 0x0f
        call    digit
        mov     al, ' '
        out     0xe9, al
        ret

digit:  add     al, '0'
        cmp     al, '9'
        jbe     1f
        add     al, 39
1:      out     0xe9, al
        ret

table:
