# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for meishi(1).  The program itself says what fits.

_meishi()
{
    local cur=${COMP_WORDS[COMP_CWORD]} quote= word meaning
    local -a before=()

    # bash takes "--color=never" apart at the "=".
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ $word == = ]] || before+=("$word")
    done
    case $cur in
    =) cur= ;;
    [\"\']*) quote=${cur:0:1} cur=${cur:1} ;;
    *) cur=${cur//\\/} ;;
    esac
    COMPREPLY=()
    while IFS=$'\t' read -r word meaning; do
        if [[ $word == :files ]]; then
            compopt -o default 2>/dev/null
        else
            [[ -n $quote ]] || printf -v word %q "$word"
            COMPREPLY+=("$word")
        fi
    done < <(meishi __complete "${before[@]}" "$cur" 2>/dev/null)
}

complete -F _meishi meishi
