# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for meishi(1).  The program itself says what fits.

_meishi()
{
    local cur quote= word meaning lead=
    local -a words=()

    # bash takes "--color=never" apart at the "=" and "host:443" at the ":".
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        if ((${#words[@]})) && [[ $word == : || ${words[-1]} == *: ]]; then
            words[-1]+=$word
        elif [[ $word != = ]]; then
            words+=("$word")
        fi
    done
    [[ $word == = ]] && words+=('')
    cur=${words[-1]}
    unset 'words[-1]'
    case $cur in
    [\"\']*) quote=${cur:0:1} cur=${cur:1} ;;
    *) cur=${cur//\\/} lead=${cur%"${cur##*:}"} ;;
    esac
    COMPREPLY=()
    while IFS=$'\t' read -r word meaning; do
        if [[ $word == :files ]]; then
            compopt -o default 2>/dev/null
        else
            word=${word#"$lead"}
            [[ -n $quote ]] || printf -v word %q "$word"
            COMPREPLY+=("$word")
        fi
    done < <(meishi __complete "${words[@]}" "$cur" 2>/dev/null)
}

complete -F _meishi meishi
