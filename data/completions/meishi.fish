# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for meishi(1).  The program itself says what fits.

function __meishi_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    for line in (meishi __complete $before[2..-1] "$current" 2>/dev/null)
        if test "$line" = ':files'
            __fish_complete_path "$current"
        else
            printf '%s\n' $line
        end
    end
end

complete -c meishi -f -a '(__meishi_complete)'
