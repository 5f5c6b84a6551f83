# bash completion for mn. The list of commands was put in when this was
# built; options are asked of the command itself.

_mn_commands='
@COMMANDS@
'

_mn ()
{
	local cur=${COMP_WORDS[COMP_CWORD]} cmd='' word i
	local first=${COMP_WORDS[0]##*/}

	COMPREPLY=()
	if [[ $first == mn-* ]]; then
		cmd=${first#mn-}
	fi
	for ((i = 1; i < COMP_CWORD && ${#cmd} == 0; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-p | -C | --profile) i=$((i + 1)) ;;
		-*) ;;
		*) cmd=$word ;;
		esac
	done

	if [[ -z $cmd ]]; then
		if [[ $cur == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W \
				"$(mn --list-options 2>/dev/null |
				cut -f 1)" -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -W \
				"$_mn_commands" -- "$cur")
		fi
	elif [[ $cmd == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$_mn_commands" -- "$cur")
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(mn "$cmd" --list-options 2>/dev/null | cut -f 1)" \
			-- "$cur")
	fi
}

complete -o bashdefault -o default -F _mn mn
for _mn_name in $_mn_commands; do
	complete -o bashdefault -o default -F _mn "mn-$_mn_name"
done
unset _mn_name
