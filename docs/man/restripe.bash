# Made by: restripe manual
_restripe() {
    local word=${COMP_WORDS[COMP_CWORD]} options=
    if [[ $COMP_CWORD -eq 1 ]]; then
        mapfile -t COMPREPLY < <(compgen -W "create assemble stop examine check detail status add fail remove grow wait cat write attach detach monitor demo help --help --version" -- "$word")
        return
    fi
    case ${COMP_WORDS[1]} in
        create) options="--level --raid-devices --layout --chunk --size --spare-devices --metadata --consistency-policy --bitmap --file-size --sparse --assume-clean --force --member-timeout --no-start --backend --json --help" ;;
        assemble) options="--foreground --read-only --finish --run --force --copy-area --member-timeout --listen --tls --tls-verify-clients --backend --volatile-cache --json --help" ;;
        stop) options="--force --json --help" ;;
        examine) options="--json --help" ;;
        check) options="--repair --stop --volume --json --help" ;;
        detail) options="--json --help" ;;
        status) options="--json --help" ;;
        add) options="--file-size --sparse --force --json --help" ;;
        fail) options="--json --help" ;;
        remove) options="--json --help" ;;
        grow) options="--raid-devices --chunk --level --consistency-policy --bitmap --add --file-size --sparse --plan --wait --continue --pause --speed-limit --max-hold --json --help" ;;
        wait) options="--timeout --json --help" ;;
        cat) options="--volume --offset --length --copy-area --json --help" ;;
        write) options="--offset --length --json --help" ;;
        attach) options="--driver --json --help" ;;
        detach) options="--force --json --help" ;;
        monitor) options="--daemonise --process --json --help" ;;
        demo) options="--cuts --file-size --folder --seed --keep --json --help" ;;
    esac
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}
complete -o filenames -F _restripe restripe ./restripe
